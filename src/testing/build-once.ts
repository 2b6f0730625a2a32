import { execFileSync } from 'node:child_process';

/** Tests run the real binary, so the build is made once before them (PRESSO_SKIP_BUILD=1 skips it for one file in a hurry). */
export default function setup(): void {
  if (process.env['PRESSO_SKIP_BUILD']) return;
  execFileSync(process.execPath, [new URL('../../bin/build.js', import.meta.url).pathname], { stdio: 'inherit' });
}
