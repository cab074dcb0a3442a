export { type AsyncApiOptions, asyncApi } from './async-api.js';
export type { AsyncApiDocument, AsyncApiServer } from './document.js';
export type { Direction, SchemaConverter } from './payload-schemas.js';
