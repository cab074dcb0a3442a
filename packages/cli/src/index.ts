export { widthOf } from './terminal.js';
export { type TimelineOptions, timeline } from './timeline.js';
