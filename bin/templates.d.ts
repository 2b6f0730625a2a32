export const BODY_LIMIT: number;
export function finishTemplate(root: string, name: string, runtime: string): Promise<string>;
export function finishTemplates(root: string, outDir: string): Promise<void>;
