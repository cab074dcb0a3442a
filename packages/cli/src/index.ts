export { runCommandLine } from './command-line.js';
export { type Person, processTerminal, type Terminal, widthOf } from './terminal.js';
export { type TimelineOptions, timeline } from './timeline.js';
