const MARK = /^<!-- screen: skald (.*) -->$/;

/** A page with the screens below its marks made anew; `shown` gives what a command line shows. */
export async function withScreens(page: string, shown: (args: readonly string[]) => Promise<string>): Promise<string> {
  const lines = page.split('\n');
  const made: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const command = MARK.exec(line)?.[1];
    made.push(line);
    if (command === undefined) continue;
    made.push('```console', `$ skald ${command}`, await shown(command.split(' ')), '```');
    if (lines[at + 1] === '```console') at = lines.indexOf('```', at + 2);
  }
  return made.join('\n');
}
