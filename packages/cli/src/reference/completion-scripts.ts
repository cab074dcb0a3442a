export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What a shell evaluates: a few lines that ask `skald` itself, so that they never have to be renewed. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_skald() {
  local IFS=$'\\n' word="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=($(compgen -W "$(skald __complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "$word"))
}
complete -o default -F _skald skald`,
  zsh: `#compdef skald
_skald() {
  local -a found
  found=("\${(@f)$(skald __complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then _describe skald found; else _files; fi
}
compdef _skald skald`,
  fish: `function __skald_complete
  set -l words (commandline -opc) (commandline -ct)
  skald __complete fish -- $words[2..-1] 2>/dev/null
end
complete -c skald -f -a '(__skald_complete)'`,
};

/** One completion as the shell wants it. */
export function completionLine(shell: Shell, value: string, about: string): string {
  const short = about.split('\n')[0] ?? '';
  if (shell === 'bash') return value;
  return shell === 'fish' ? `${value}\t${short}` : `${value.replaceAll(':', '\\:')}:${short}`;
}
