export { runCommandLine } from './command-line.js';
export { type TimelineOptions, timeline } from './looking/timeline.js';
export { type Person, processTerminal, type Terminal, widthOf } from './terminal/terminal.js';
