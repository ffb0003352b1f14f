/** How a run stands behind others that use the same disks and processors. */
export const IO_PRIORITIES = ['idle', 'low', 'normal'] as const;
export type IoPriority = (typeof IO_PRIORITIES)[number];
