import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Fabric's external builder for chaincode as a service, as three shell scripts: `detect` accepts packages of type ccaas,
 * `build` copies connection.json, `release` puts the organisation's own address into it. The address in the package is
 * `{{.<contract>}}`, so that one package id is valid for every organisation; the builder's configuration maps contract
 * names to addresses, as Fabric's own builder does.
 */
const SCRIPTS = {
  detect: `#!/bin/sh
grep -q '"type" *: *"ccaas"' "$2/metadata.json"
`,
  build: `#!/bin/sh
set -e
test -f "$1/connection.json"
cp "$1/connection.json" "$3/connection.json"
`,
  release: `#!/bin/sh
set -e
contract=$(sed -n 's/.*{{\\.\\([A-Za-z0-9_-]*\\)}}.*/\\1/p' "$1/connection.json")
address=$(printf '%s' "$CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG" | sed -n 's/.*"'"$contract"'":"\\([^"]*\\)".*/\\1/p')
test -n "$address"
mkdir -p "$2/chaincode/server"
sed "s/{{\\.$contract}}/$address/" "$1/connection.json" > "$2/chaincode/server/connection.json"
`,
} as const;

/** Writes the builder into `directory`/bin, executable. */
export async function writeBuilder(directory: string): Promise<void> {
  const bin = join(directory, 'bin');
  await mkdir(bin, { recursive: true });
  await Promise.all(
    Object.entries(SCRIPTS).map(([name, text]) => writeFile(join(bin, name), text, { mode: 0o755 })),
  );
}
