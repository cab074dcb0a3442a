import { type Duration, milliseconds } from './duration.js';

/** As it is written, in milliseconds. Throws `invalid-duration`. */
export function callbackOf({ timeout, heartbeat }: { readonly timeout: Duration; readonly heartbeat?: Duration }, field: string) {
  return {
    timeout: milliseconds(timeout, `${field}.timeout`),
    ...(heartbeat !== undefined && { heartbeat: milliseconds(heartbeat, `${field}.heartbeat`) }),
  };
}
