#!/usr/bin/env node
// Builds dist/ from src/: one file a command plus shared chunks, so that a command loads only its room, the finished
// templates beside them, and oclif's manifest, so that --help and --version load no command at all.
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { finishTemplates } from './templates.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const manifestFile = path.join(root, 'oclif.manifest.json');
const commands = readdirSync(path.join(root, 'src/commands'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
  .map((entry) => path.join(entry.parentPath, entry.name));

// oclif starts a third faster bundled; everything else stays a package, loaded by the command that needs it.
const bundled = ['@oclif/core', 'ansis', 'wrap-ansi', 'string-width', '@markdoc/markdoc', 'yaml'];
const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const external = Object.keys(dependencies).filter((name) => !bundled.includes(name));

/**
 * Clients of the SDK are CommonJS: imported, each is read twice more for its format and its names; required, it is loaded
 * at once. A command that calls ten services starts a fifth of a second sooner.
 */
const requireSdk = {
  name: 'require-sdk',
  setup(building) {
    building.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replace(
        /\bimport\(('@aws-sdk\/[\w-]+')\)/g,
        'Promise.resolve().then(() => require($1))',
      ),
      loader: 'ts',
    }));
  },
};

const dist = path.join(root, 'dist');
const { metafile } = await build({
  entryPoints: [
    ...commands,
    path.join(root, 'src/main.ts'),
    path.join(root, 'src/sandbox/process.ts'),
    path.join(root, 'src/sandbox/services/lambda/worker.ts'),
  ].filter((file) => existsSync(file)),
  outdir: dist,
  metafile: true,
  absWorkingDir: root,
  outbase: path.join(root, 'src'),
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [requireSdk],
  external: external.flatMap((name) => [name, `${name}/*`]),
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';import{fileURLToPath as __toPath}from'node:url';import{dirname as __dirnameOf}from'node:path';const require=__createRequire(import.meta.url);const __filename=__toPath(import.meta.url);const __dirname=__dirnameOf(__filename);",
  },
  logLevel: 'warning',
});

await finishTemplates(root, path.join(dist, 'templates'));

// Written over first and swept afterwards: a presso that runs meanwhile finds its files until the last moment.
const made = new Set(Object.keys(metafile.outputs).map((file) => path.join(root, file)));
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath, entry.name);
  if (entry.isFile() && !made.has(file) && !file.startsWith(path.join(dist, 'templates')))
    rmSync(file, { force: true });
}

const { Config } = await import('@oclif/core');
// The commands as they are now, not as an earlier manifest has them.
rmSync(manifestFile, { force: true });
const config = await Config.load({ root });
const manifest = config.plugins.get('presso')?.manifest;
writeFileSync(manifestFile, `${JSON.stringify(manifest)}\n`);

// `npx presso` in a clone finds the binary where it looks first; without this it would make a copy of its own elsewhere.
const link = path.join(root, 'node_modules/.bin/presso');
if (existsSync(path.dirname(link)) && !existsSync(link)) {
  try {
    symlinkSync('../../bin/run.js', link);
  } catch {
    // No right to make links (Windows): npx finds the package by its name all the same.
  }
}
