/**
 * Lessons: the course as it stands in content/, one source for the terminal, the browser and the tests of the course.
 * Promise: what cannot be filled in is said, never guessed; a page too large or too deep is refused, nothing hangs.
 * library.ts, definition.ts, progress.ts and check/ touch the disk; everything named to-*, parse, scan, tags/ is pure.
 */
export { type CheckFacts, type LessonFacts, type Place, targetValues } from './facts.ts';
export {
  type Course,
  type CourseModule,
  checkModules,
  findLesson,
  type LessonEntry,
  lessonsFor,
  openLesson,
  readCheckNames,
  readChecks,
  readCourse,
} from './library.ts';
export {
  checkMark,
  knownAccount,
  lessonMark,
  nextHint,
  type Progress,
  type ProgressPlace,
  parseProgress,
  progressFile,
  readProgress,
  recordChecks,
  recordLesson,
  updateProgress,
  writeProgress,
} from './progress.ts';
export { solutionShape } from './shape.ts';
export { escapeHtml, type HtmlOptions, toHtml } from './to-html.ts';
export { markSign, markWord, type Page, type TerminalOptions, type Thing, toTerminal } from './to-terminal.ts';
export { type Block, type CodeBlock, type LessonTree, type Mark, walk } from './tree.ts';
