#!/usr/bin/env node
// Installs what is missing, then runs the command line on the pinned Node. Plain JavaScript: starts on any Node from 18 on.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await import(join(root, 'tools', 'install.mjs'));
const node = join(root, 'node_modules', 'node', 'bin', 'node');
const child = spawn(node, [join(root, 'packages', 'cli', 'src', 'main.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
