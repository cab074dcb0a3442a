import { styleText } from 'node:util';

export type Style = 'dim' | 'bold' | 'green' | 'red' | 'yellow' | 'magenta' | 'cyan' | readonly ('dim' | 'bold' | 'cyan')[];
export type Paint = (style: Style | undefined, text: string) => string;

/** Colours where there are any. Paint last: what is painted is longer than it looks. */
export function painter(colours: boolean): Paint {
  if (!colours) return (_style, text) => text;
  return (style, text) => (style === undefined || text === '' ? text : styleText(style as never, text, { validateStream: false }));
}
