// Runs in the page: what is wrong with it, in words. It sees nothing of this file but itself.
export function problems() {
  const LEAST_CONTRAST = 4.5;
  const LEAST_TEXT = 9.5;
  const SLACK = 0.75;
  const found = [];
  for (const details of document.querySelectorAll('details')) details.open = true;

  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) found.push(`${scrollWidth} pixels wide, ${clientWidth} shown`);

  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  // Red, green, blue and opacity of a colour, however it is written.
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return [255, 255, 255, 1];
  };
  const inside = (box, of) =>
    box.left >= of.left - SLACK && box.right <= of.right + SLACK && box.top >= of.top - SLACK && box.bottom <= of.bottom + SLACK;

  const words = (element) => JSON.stringify(element.textContent.trim().slice(0, 40));
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest('title, desc, style')) continue;
    const style = getComputedStyle(element);
    const drawing = element.closest('svg');
    const colour = rgba(drawing ? style.fill : style.color);
    const seen = contrast(colour, ground(drawing ? drawing.parentElement : element));
    if (seen < LEAST_CONTRAST) found.push(`contrast ${seen.toFixed(2)} of ${words(element)}`);
    const scale = drawing ? drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width : 1;
    const size = parseFloat(style.fontSize) * scale;
    if (size < LEAST_TEXT) found.push(`${size.toFixed(1)} pixels high: ${words(element)}`);
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (drawing) {
        if (!inside(box, drawing.getBoundingClientRect())) found.push(`out of its drawing: ${words(element)}`);
      } else if (!element.closest('.scroll') && (box.left < -SLACK || box.right > clientWidth + SLACK)) {
        found.push(`out of the window: ${words(element)}`);
      }
    }
  }

  for (const drawing of document.querySelectorAll('svg[role=img]')) {
    if (!drawing.querySelector('title')?.textContent || !drawing.querySelector('desc')?.textContent) {
      found.push('a drawing without title or description');
    }
    for (const id of (drawing.getAttribute('aria-labelledby') ?? 'none').split(' ')) {
      if (!document.getElementById(id)) found.push(`a drawing named by ${id}, which is not there`);
    }
    const texts = [...drawing.querySelectorAll('text')].map((text) => [text, text.getBoundingClientRect()]);
    texts.forEach(([text, box], at) => {
      for (const [other, its] of texts.slice(at + 1)) {
        // Letters are lower than the line that they stand in.
        const high = 0.25 * Math.min(box.height, its.height);
        const apart = box.right <= its.left || its.right <= box.left || box.bottom - high <= its.top || its.bottom - high <= box.top;
        if (!apart) found.push(`${words(text)} lies over ${words(other)}`);
      }
    });
  }
  for (const image of document.images) {
    if (!image.alt || image.naturalWidth === 0) found.push(`an image that is not shown, or has no words: ${image.alt}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  if (new Set(ids).size < ids.length) found.push('an id that is there twice');
  if (document.scripts.length > 0) found.push('a script');
  return found;
}
