import { readFileSync } from 'node:fs';

/** What is read from a file that an option names. What is wrong with the file is told with both. */
export function givenFile<T>(option: string, file: string, read: (text: string) => T): T {
  try {
    return read(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${option} ${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
