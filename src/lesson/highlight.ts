/** Colours for the few languages of the course. Small on purpose: it is loaded whenever a lesson is read. Pure. */
import type { Span, Style } from './spans.ts';

type Rule = [Style | undefined, RegExp];

const JSON_RULES: Rule[] = [
  ['key', /"(?:[^"\\\n]|\\.)*"(?=\s*:)/y],
  ['string', /"(?:[^"\\\n]|\\.)*"/y],
  ['number', /-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/y],
  ['keyword', /\b(?:true|false|null)\b/y],
];
const SHELL_RULES: Rule[] = [
  ['comment', /(?<=^|\s)#.*/y],
  ['string', /'[^']*'|"(?:[^"\\]|\\.)*"/y],
  ['variable', /\$\{?\w+\}?/y],
  ['key', /(?<=\s)--?[A-Za-z][\w-]*/y],
  ['keyword', /(?<=^|[|;&]\s*)[A-Za-z][\w./-]*/y],
];
const YAML_RULES: Rule[] = [
  ['comment', /(?<=^|\s)#.*/y],
  ['key', /(?<=^|[\s{,-])[\w.'"/ -]+?(?=:(?:\s|$))/y],
  ['string', /'[^'\n]*'|"(?:[^"\\\n]|\\.)*"/y],
  ['number', /(?<=[\s[,:])-?\d+(?:\.\d+)?(?=[\s\],}]|$)/y],
  ['keyword', /(?<=[\s[,:])(?:true|false|null|~)(?=[\s\],}]|$)/y],
];
const SCRIPT_RULES: Rule[] = [
  ['comment', /\/\/.*|\/\*[\s\S]*?\*\//y],
  ['string', /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/y],
  ['number', /\b\d[\d_]*(?:\.\d+)?\b/y],
  [
    'keyword',
    /\b(?:async|await|break|case|catch|class|const|continue|default|else|export|finally|for|from|function|if|import|in|let|new|null|of|return|switch|this|throw|true|false|try|typeof|undefined|var|void|while|yield)\b/y,
  ],
];

const LANGUAGES: Record<string, Rule[]> = {
  json: JSON_RULES,
  jsonc: JSON_RULES,
  asl: JSON_RULES,
  sh: SHELL_RULES,
  bash: SHELL_RULES,
  shell: SHELL_RULES,
  zsh: SHELL_RULES,
  yaml: YAML_RULES,
  yml: YAML_RULES,
  js: SCRIPT_RULES,
  mjs: SCRIPT_RULES,
  javascript: SCRIPT_RULES,
  ts: SCRIPT_RULES,
  typescript: SCRIPT_RULES,
};

/** Lines of spans; an unknown language has no colours. */
export function highlight(language: string, text: string): Span[][] {
  const rules = LANGUAGES[language];
  const lines: Span[][] = [[]];
  const put = (piece: string, style?: Style): void => {
    for (const [at, row] of piece.split('\n').entries()) {
      if (at > 0) lines.push([]);
      if (row !== '') lines.at(-1)?.push(style ? { text: row, styles: [style] } : { text: row });
    }
  };
  if (!rules) {
    put(text);
    return lines;
  }
  let plain = '';
  // Lookbehind for the start of a line needs the line itself, so shells and YAML are read line by line.
  const chunks = rules === SHELL_RULES || rules === YAML_RULES ? text.split(/(?<=\n)/) : [text];
  for (const chunk of chunks)
    for (let at = 0; at < chunk.length; ) {
      let hit: string | undefined;
      let style: Style | undefined;
      for (const [name, pattern] of rules) {
        pattern.lastIndex = at;
        hit = pattern.exec(chunk)?.[0];
        if (hit) {
          style = name;
          break;
        }
      }
      if (hit) {
        put(plain);
        plain = '';
        put(hit, style);
        at += hit.length;
        continue;
      }
      // A word that no rule takes is passed over whole, so that numbers in names stay as they are.
      const word = /[A-Za-z_]\w*/y;
      word.lastIndex = at;
      const skipped = word.exec(chunk)?.[0] ?? chunk[at] ?? '';
      plain += skipped;
      at += skipped.length;
    }
  put(plain);
  return lines;
}
