#!/usr/bin/env node
// Builds dist/ from src/: one file a command plus shared chunks, so that a command loads only its room.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const commands = readdirSync(path.join(root, 'src/commands'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
  .map((entry) => path.join(entry.parentPath, entry.name));

rmSync(path.join(root, 'dist'), { recursive: true, force: true });
await build({
  entryPoints: [
    ...commands,
    path.join(root, 'src/main.ts'),
    path.join(root, 'src/sandbox/process.ts'),
    path.join(root, 'src/sandbox/services/lambda/worker.ts'),
  ].filter((file) => existsSync(file)),
  outdir: path.join(root, 'dist'),
  outbase: path.join(root, 'src'),
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: false,
  logLevel: 'warning',
});
