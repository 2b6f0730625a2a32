/**
 * Lessons: the course as it stands in content/, one source for the terminal, the browser and the tests of the course.
 * Promise: what cannot be filled in is said, never guessed; a page too large or too deep is refused, nothing hangs.
 * library.ts, definition.ts, progress.ts and check/ touch the disk; everything named to-*, parse, scan, tags/ is pure.
 */
export { type CheckFacts, targetValues } from './facts.ts';
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
  readText,
} from './library.ts';
export { pictureOf, type PictureProtocol } from './picture.ts';
export {
  checkMark,
  knownAccount,
  lessonMark,
  nextHint,
  type Progress,
  type ProgressPlace,
  parseProgress,
  readProgress,
  recordChecks,
  recordLesson,
  updateProgress,
} from './progress.ts';
export { solutionShape } from './shape.ts';
export { loadWidths, withWidths } from './spans.ts';
export { escapeHtml, toHtml } from './to-html.ts';
export { markSign, type Page, type TerminalOptions, toTerminal } from './to-terminal.ts';
export { type LessonTree, type Mark, walk } from './tree.ts';
