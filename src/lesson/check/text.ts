/** What is wrong in the words themselves: placeholders, wrong encoding, retired runtimes, names that AWS no longer uses. */
import { at, type CourseText, type Finding } from './finding.ts';

const PLACEHOLDERS: [RegExp, string][] = [
  [/\blorem ipsum\b/i, 'write what belongs here'],
  [/\b(?:TODO(?! (?:apps?|lists?|items?|API|application)\b)|FIXME|TBD|TBC)\b(?!\w)/, 'write it, or take the note out'],
  [/\bXXX+\b/, 'write it, or take the note out'],
  [
    /(?<!<)\bYOUR[_-][A-Z][A-Z0-9_-]*\b/,
    'use a variable such as {% $target.workflowArn %}, so that nobody pastes a placeholder',
  ],
  [/<(?:your|insert|enter|replace)[\s_-][^<>\n]{1,60}>/i, 'use a variable such as {% $target.account %}'],
  [/\b(?:REPLACE|CHANGE|FILL|INSERT)[_-]?(?:ME|THIS|HERE)\b/, 'use a variable, or the value itself'],
  [/\[(?:insert|placeholder|add (?:text|image|screenshot))[^\]\n]{0,60}\](?!\()/i, 'write what belongs here'],
];

/** Letters of UTF-8 that were read as Windows-1252 or ISO 8859-1. */
const BROKEN =
  /(?:[ÂÃ][\u0080-\u00bf]|Ã[ƒ‚€ŸœŽžšŠ¡-¿]|â[\u0080-\u009f€][\u0080-\u00bf\u2018-\u203a™œžšŠ]|ðŸ[\u0080-\u00bf\u2018-\u203a]{1,3}|ï»¿|\ufffd)+/g;

/** AWS page "Lambda runtimes", table of deprecated runtimes, as of November 2026. */
const RETIRED =
  /\b(?:nodejs(?:4\.3|6\.10|8\.10|10\.x|12\.x|14\.x|16\.x|18\.x|20\.x)|python(?:2\.7|3\.[6-9])|java8(?!\.al2)|ruby(?:2\.[57]|3\.2)|go1\.x|dotnetcore(?:1\.0|2\.[01]|3\.1)|dotnet(?:5\.0|6|7)|(?<=[`"']|[Rr]untime[:=] ?["']?)provided(?=[`"'\s]|$)(?![ ]))(?!\w|\.\w)/;
const NEWEST: [RegExp, string][] = [
  [/^nodejs/, 'nodejs24.x'],
  [/^python/, 'python3.14'],
  [/^java/, 'java25'],
  [/^ruby/, 'ruby3.4'],
  [/^dotnet/, 'dotnet10'],
  [/./, 'provided.al2023'],
];

/** Names that the console and the documentation no longer use. */
const RENAMED: [RegExp, string][] = [
  [/\b(?:Amazon )?CloudWatch Events\b/, 'Amazon EventBridge'],
  [/\bCloudWatch Event Bus(?:es)?\b/i, 'EventBridge event bus'],
  [/\bAWS (?:Single Sign-On|SSO)\b/, 'AWS IAM Identity Center'],
  [/\b(?:Amazon )?Elasticsearch Service\b/, 'Amazon OpenSearch Service'],
  [/\b(?:Amazon )?Kinesis (?:Data )?Firehose\b/, 'Amazon Data Firehose'],
  [/\b(?:Amazon )?Kinesis Data Analytics\b/, 'Amazon Managed Service for Apache Flink'],
  [/\bManage User Pools\b/i, 'User pools'],
  [/\bManage Identity Pools\b|\bFederated Identities\b/i, 'Identity pools'],
  [/\bApp client settings\b/i, 'App clients'],
  [/\bAuthor with code snippets\b|\bDesign your workflow visually\b/i, 'Create from blank (Workflow Studio)'],
  [/\bStep Functions Local\b/, 'the TestState API'],
  [/\bAWS Cloud9\b/, 'AWS CloudShell, or an editor of your own'],
  [/\bAmazon QuickSight\b/, 'Amazon Quick Suite'],
  [/\bAWS Systems Manager Session Manager Run Command\b/, 'Run Command'],
  [/\bEvents? > Rules\b/, 'EventBridge, Buses, Rules'],
];

/** Speaking of something as past is not using it. */
const OF_THE_PAST =
  /\b(?:retired|deprecated|formerly|no longer|used to be|successor|renamed|was called|blocked|end of (?:life|support)|until 20\d\d|old name)\b/i;

export function* words(course: CourseText): Generator<Finding> {
  for (const source of course.sources) {
    for (const [index, row] of source.lines.entries()) {
      if (row.length > 20_000) continue;
      const line = index + 1;
      // What stands in a comment nobody reads who learns.
      if (source.scan.comments.has(line) && /^\s*<!--|-->\s*$/.test(row)) continue;
      for (const [pattern, suggestion] of PLACEHOLDERS) {
        for (const hit of row.matchAll(new RegExp(pattern, `g${pattern.flags}`)))
          yield at(source, line, hit.index + 1, {
            rule: 'placeholder',
            message: `"${hit[0]}" is a placeholder`,
            suggestion,
          });
      }
      // The bytes themselves were reported when the file was read.
      const broken = [...row.matchAll(BROKEN)].filter(([word]) => !(source.invalid && word.includes('\ufffd')));
      const [first, ...more] = broken;
      if (first) {
        const mended = mend(first[0]);
        yield at(source, line, first.index + 1, {
          rule: 'encoding',
          message: `"${first[0]}"${more.length > 0 ? `, and ${more.length} more in this line,` : ''} ${more.length > 0 ? 'were' : 'was'} broken by a wrong encoding`,
          suggestion: mended ? `write "${mended}"` : 'write the letter that stood here, and save as UTF-8',
        });
      }
      if (!OF_THE_PAST.test(row)) {
        const runtime = RETIRED.exec(row);
        if (runtime)
          yield at(source, line, runtime.index + 1, {
            rule: 'retired-runtime',
            message: `the runtime ${runtime[0]} is retired; functions cannot be created with it`,
            suggestion: `use ${NEWEST.find(([family]) => family.test(runtime[0]))?.[1]}`,
          });
        for (const [pattern, now] of RENAMED) {
          const hit = pattern.exec(row);
          if (hit)
            yield at(source, line, hit.index + 1, {
              rule: 'renamed-term',
              message: `AWS no longer says "${hit[0]}"`,
              suggestion: `say ${now}`,
            });
        }
      }
    }
  }
}

/** Where Windows-1252 differs from ISO 8859-1. */
const WINDOWS = new Map(
  [...'€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'].map((letter, index) => [letter, 0x80 + index]),
);

/** The text as it was before it was read with the wrong encoding. */
function mend(broken: string): string | undefined {
  const bytes = [...broken].map((letter) => WINDOWS.get(letter) ?? letter.charCodeAt(0));
  if (bytes.some((byte) => byte > 255)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes)).replace('\uFEFF', '') || undefined;
  } catch {
    return undefined;
  }
}
