/** What the command line asks for cannot be understood: exit code 2. */
export class UsageError extends Error {}
