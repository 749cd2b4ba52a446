import { concat, toBase64, utf8, type Bytes } from '@healthchain/core';

/** A certificate in outline (X.509 v3, empty names and keys) with the attribute extension of Fabric CA; nobody signed it. */
export function certificateWith(attributes: Readonly<Record<string, string>>): Bytes {
  const extension = der(
    0x30,
    der(0x06, Uint8Array.of(0x2a, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x01)),
    der(0x04, utf8(JSON.stringify({ attrs: attributes }))),
  );
  const keyUsage = der(
    0x30,
    der(0x06, Uint8Array.of(0x55, 0x1d, 0x0f)),
    der(0x01, Uint8Array.of(0xff)),
    der(0x04),
  );
  const extensions = der(0xa3, der(0x30, keyUsage, extension));
  const toBeSigned = der(
    0x30,
    der(0xa0, der(0x02, Uint8Array.of(2))),
    der(0x02, Uint8Array.of(1)),
    extensions,
  );
  const certificate = der(0x30, toBeSigned, der(0x30), der(0x03, Uint8Array.of(0)));
  const lines = toBase64(certificate).match(/.{1,64}/g) ?? [];
  return utf8(`-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`);
}

function der(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const content = concat(...contents);
  const length =
    content.length < 0x80
      ? Uint8Array.of(content.length)
      : Uint8Array.of(0x82, content.length >> 8, content.length & 0xff);
  return concat(Uint8Array.of(tag), length, content);
}
