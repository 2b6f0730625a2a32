/** The course as the suite walks it, and with the AWS CLI to its very end. */
process.env['PRESSO_COURSE'] = 'whole';
await import('./course.test.ts');
