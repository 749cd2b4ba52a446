import { gzipSync } from 'node:zlib';
import { concat, sha256, toHex, utf8 } from '@healthchain/core';

const BLOCK = 512;
const CHECKSUM = { at: 148, length: 8 } as const;

/** A chaincode package and the id that every peer gives it: `label:SHA-256 of the package`. */
export interface ChaincodePackage {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The package of a contract that runs as a service beside each organisation's peer. The same input gives the same bytes. */
export function chaincodePackage({ name, version }: { name: string; version: string }): ChaincodePackage {
  const label = `${name}_${version}`;
  const connection = { address: `{{.${name}}}`, dial_timeout: '10s', tls_required: false };
  const bytes = archive({
    'metadata.json': utf8(JSON.stringify({ type: 'ccaas', label })),
    'code.tar.gz': archive({ 'connection.json': utf8(JSON.stringify(connection)) }),
  });
  return { id: `${label}:${toHex(sha256(bytes))}`, bytes };
}

function archive(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries = Object.entries(files).flatMap(([name, bytes]) => [
    header(name, bytes.length),
    padded(bytes),
  ]);
  return gzipSync(concat(...entries, new Uint8Array(2 * BLOCK)));
}

function padded(bytes: Uint8Array): Uint8Array {
  const block = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK);
  block.set(bytes);
  return block;
}

/** A ustar header (POSIX 1003.1-1988): octal numbers as text, the checksum over a header whose checksum is blanks. */
function header(name: string, size: number): Uint8Array {
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  const block = new Uint8Array(BLOCK);
  const put = (text: string, at: number) => block.set(utf8(text), at);
  put(name, 0);
  put(octal(0o644, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(size, 11), 124);
  put(octal(0, 11), 136);
  put(' '.repeat(CHECKSUM.length), CHECKSUM.at);
  put('0', 156);
  put('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM.at);
  return block;
}
