export { fields } from './fields.ts';
export { WireReader } from './reader.ts';
export { bytesFieldSize, varintSize, writeVarint } from './varint.ts';
export { WireWriter } from './writer.ts';
