const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** Murmur2 as Kafka's own clients compute it, over the bytes of a key. */
export function murmur2(key: Uint8Array): number {
  const { length } = key;
  let hash = SEED ^ length;
  const whole = length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let k = (key[at] ?? 0) | ((key[at + 1] ?? 0) << 8) | ((key[at + 2] ?? 0) << 16) | ((key[at + 3] ?? 0) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(k, M);
  }
  const rest = length - whole;
  if (rest >= 3) hash ^= (key[whole + 2] ?? 0) << 16;
  if (rest >= 2) hash ^= (key[whole + 1] ?? 0) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ (key[whole] ?? 0), M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}

/** The partition in which the default partitioner of Java's and kafkajs' producers puts this key. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
