export { type TimelineOptions, timeline } from './timeline.js';
