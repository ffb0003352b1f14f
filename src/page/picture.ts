/** Makes the tiles of the picture buttons: one tab stop for the picture, and arrow keys to move within it. */

/** Makes tiles interactive. Calls `open` with the path of the tile that was clicked or activated. */
export function openFromPicture(picture: SVGSVGElement, open: (path: string) => void): void {
  const tiles = [...picture.querySelectorAll<SVGSVGElement>('[data-path]')];
  let current = tiles[0];
  if (!current) return;
  picture.setAttribute('role', 'group');
  for (const tile of tiles) {
    tile.setAttribute('role', 'button');
    tile.setAttribute('tabindex', '-1');
    tile.setAttribute('aria-label', tile.querySelector('title')?.textContent ?? '');
  }
  current.setAttribute('tabindex', '0');
  picture.classList.add('live');

  const tileOf = (event: Event) => (event.target as Element).closest<SVGSVGElement>('[data-path]');
  const enter = (event: Event) => open(tileOf(event)?.dataset.path ?? '');
  picture.addEventListener('click', (event) => {
    if (tileOf(event)) enter(event);
  });
  picture.addEventListener('keydown', (event) => {
    const index = current ? tiles.indexOf(current) : 0;
    const to = {
      ArrowRight: index + 1,
      ArrowDown: index + 1,
      ArrowLeft: index - 1,
      ArrowUp: index - 1,
      Home: 0,
      End: tiles.length - 1,
    }[event.key];
    if (to === undefined && event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    if (to === undefined) return enter(event);
    current?.setAttribute('tabindex', '-1');
    current = tiles[Math.min(tiles.length - 1, Math.max(0, to))];
    current?.setAttribute('tabindex', '0');
    current?.focus();
  });
}
