/** What the proof of the checks showed, in words. Pure. */
import { count, line } from '../text.ts';

interface Proven {
  module: string;
  build: string;
  trouble: string[];
}

/** One line a module, then what is wrong, build by build. */
export function proofLines(proofs: Proven[]): string[] {
  const modules = [...new Set(proofs.map(({ module }) => module))];
  const wrong = proofs.filter(({ trouble }) => trouble.length > 0);
  return [
    ...modules.map((module) => `${module}  ${summary(proofs.filter((proof) => proof.module === module))}`),
    ...wrong.flatMap(({ module, build, trouble }) => [
      `${module} ${build}`,
      ...trouble.map((text) => `  ${line(text)}`),
    ]),
    wrong.length === 0
      ? `${count(proofs.length, 'build')} judged, every one rightly.`
      : `${count(proofs.length, 'build')} judged, ${wrong.length} of them wrongly.`,
  ];
}

function summary(proofs: Proven[]): string {
  const kinds: [string, RegExp][] = [
    ['untouched', /^untouched$/],
    ['solution', /^solution$/],
    ['variants', /^variants\//],
    ['mistakes', /^mistakes\//],
  ];
  return kinds
    .flatMap(([name, pattern]) => {
      const of = proofs.filter(({ build }) => pattern.test(build));
      if (of.length === 0) return [];
      const right = of.filter(({ trouble }) => trouble.length === 0).length;
      return [/s$/.test(name) ? `${name} ${right}/${of.length}` : `${name} ${right === 1 ? '✓' : '✗'}`];
    })
    .join(' · ');
}
