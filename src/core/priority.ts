/** How far a run gives way to other programs that use the same disks and processors. */
export const IO_PRIORITIES = ['idle', 'low', 'normal'] as const;
export type IoPriority = (typeof IO_PRIORITIES)[number];
