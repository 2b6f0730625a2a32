/** Files of the course by the addresses that pages use for them. Touches the disk (existsSync). */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { CourseText, Source } from './finding.ts';

export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A file of the course by an address in a page: from the page, from the course, or from where sites keep such files. */
export function fileOf(course: CourseText, source: Source, address: string): string | undefined {
  const clean = decode(address.replace(/[?#].*$/, ''));
  const bare = clean.replace(/^\/+/, '');
  return [
    ...(clean.startsWith('/') ? [] : [path.posix.normalize(path.posix.join(path.posix.dirname(source.file), clean))]),
    path.posix.normalize(bare),
    ...['static', 'public', 'assets', 'images'].map((folder) => path.posix.join(folder, bare)),
  ].find((file) => course.files.has(file));
}

/** A file that another tool keeps beside the folder of its pages. */
export function besideCourse(course: CourseText, source: Source, address: string): boolean {
  const clean = decode(address.replace(/[?#].*$/, ''));
  const bare = clean.replace(/^\/+/, '');
  if (bare === '') return false;
  const dir = realpathSync(course.dir);
  return [
    ...(clean.startsWith('/') ? [] : [path.resolve(dir, path.dirname(source.file), clean)]),
    ...['..', '../static', '../public', '../assets'].map((folder) => path.resolve(dir, folder, bare)),
  ].some((file) => existsSync(file));
}
