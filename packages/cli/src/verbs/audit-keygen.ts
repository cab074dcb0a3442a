import { existsSync, writeFileSync } from 'node:fs';
import { fingerprintOf, generateKeys } from '@skald/audit';
import type { Verb } from './verb.js';

interface Options {
  readonly key: string;
}

export const auditKeygen: Verb = (program, cli) => {
  program
    .command('keygen')
    .summary('make a pair of keys for checkpoints')
    .description(
      'Makes an Ed25519 pair: the private key, which only its owner may read, and the public one beside it, with .pub at its end. A file that is there stays.',
    )
    .requiredOption('--key <file>', 'where the private key goes')
    .action(({ key }: Options, command) => {
      const { privateKey, publicKey } = generateKeys();
      // wx: fails where the file exists. The public one first, so that no private key is made without.
      if (existsSync(key)) throw new Error(`${key} is there: a key is never written over`);
      writeFileSync(`${key}.pub`, publicKey, { flag: 'wx' });
      writeFileSync(key, privateKey, { mode: 0o600, flag: 'wx' });
      if (cli.isJson(command)) return cli.json({ privateKey: key, publicKey: `${key}.pub`, fingerprint: fingerprintOf(publicKey) });
      cli.terminal.out(`${key}: the private key. Keep it where the store is not.`);
      cli.terminal.out(`${key}.pub: the public key, for whoever verifies.`);
      cli.terminal.out(`Checkpoints name it by its fingerprint: ${fingerprintOf(publicKey)}. Publish that, too.`);
    });
};
