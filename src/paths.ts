/** Where the package's own folders are, from src/ and from dist/ alike. Touches the disk (existsSync). */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/** The folder that holds package.json, templates/, content/ and checks/. */
export function packageRoot(): string {
  if (root) return root;
  let dir = path.dirname(fileURLToPath(import.meta.url));
  while (!(existsSync(path.join(dir, 'package.json')) && existsSync(path.join(dir, 'templates')))) {
    const parent = path.dirname(dir);
    if (parent === dir) throw new Error('The presso package is incomplete: its templates folder was not found.');
    dir = parent;
  }
  root = dir;
  return dir;
}

export const distFile = (...parts: string[]): string => path.join(packageRoot(), 'dist', ...parts);
export const templatesDir = (): string => distFile('templates');
export const contentDir = (): string => path.join(packageRoot(), 'content');
export const checksDir = (): string => path.join(packageRoot(), 'checks');
