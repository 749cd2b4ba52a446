export { fields } from './fields.ts';
export { WireReader } from './reader.ts';
export { WireWriter } from './writer.ts';
