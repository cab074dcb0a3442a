/** Loaded before a process of `idle.ts`: tells its CPU time when asked, and keeps kafkajs' timers as they are where SKALD_KAFKAJS=as-it-is. */
import { createRequire } from 'node:module';

process.on('message', (message) => {
  if (message === 'cpu') process.send?.({ cpu: process.cpuUsage() });
});

if (process.env['SKALD_KAFKAJS'] === 'as-it-is') {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
    prototype: { scheduleCheckPendingRequests: () => void };
  };
  const asItIs = prototype.scheduleCheckPendingRequests;
  // The adapter's remedy is an assignment, which changes nothing then.
  Object.defineProperty(prototype, 'scheduleCheckPendingRequests', { get: () => asItIs, set: () => {} });
}
