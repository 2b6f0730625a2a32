/** What an event must carry before anything is written: without it the order could never be resumed. */
export const missing = (detail, names) => names.filter((name) => detail?.[name] === undefined || detail[name] === '');
