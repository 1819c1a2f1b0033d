/** Pictures of people in a meeting, drawn by arithmetic: no fonts, no image files, the same on any machine. */

type Colour = readonly [red: number, green: number, blue: number];

export interface Person {
  readonly wall: Colour;
  readonly skin: Colour;
  readonly hair: Colour;
  readonly shirt: Colour;
}

export const PEOPLE: readonly Person[] = [
  { wall: [126, 140, 150], skin: [224, 172, 138], hair: [58, 38, 26], shirt: [44, 74, 110] },
  { wall: [170, 150, 122], skin: [120, 78, 54], hair: [24, 20, 18], shirt: [196, 188, 172] },
  { wall: [92, 112, 96], skin: [240, 200, 168], hair: [176, 128, 62], shirt: [128, 52, 56] },
];

/** A layer covers a point with a share from 0 to 1; coordinates are in heights of the picture from its middle. */
type Layer = readonly [colour: (x: number, y: number) => Colour, cover: (x: number, y: number) => number];

/** 1 inside, 0 outside, a soft edge of about two pixels between. `d` is the distance to the edge, inside negative. */
const soft = (d: number, height: number): number => Math.min(1, Math.max(0, 0.5 - (d * height) / 2));
const ellipse = (x: number, y: number, cx: number, cy: number, rx: number, ry: number): number =>
  (Math.hypot((x - cx) / rx, (y - cy) / ry) - 1) * Math.min(rx, ry);
const shaded = (colour: Colour, light: number): Colour => [colour[0] * light, colour[1] * light, colour[2] * light];

/** The wall behind a person, opaque, as PAM: brighter where a window would be. */
export function drawWall(person: Person, width: number, height: number): Buffer {
  const light = (x: number, y: number): number => 0.62 + 0.5 * Math.exp(-((x + 0.5) ** 2 + (y + 0.3) ** 2) / 0.35);
  return draw(width, height, [[(x, y) => shaded(person.wall, light(x, y)), () => 1]]);
}

/** A person, head and shoulders, on a transparent ground, as PAM. */
export function drawPerson(person: Person, width: number, height: number): Buffer {
  const skin = (x: number, y: number): Colour => shaded(person.skin, 1.02 - 0.5 * Math.max(0, x + 0.02) - 0.12 * y);
  const layers: Layer[] = [
    [(x) => shaded(person.shirt, 1.05 - 0.6 * Math.abs(x)), (x, y) => soft(ellipse(x, y, 0, 0.62, 0.42, 0.38), height)],
    [(x, y) => shaded(skin(x, y), 0.82), (x, y) => soft(ellipse(x, y, 0, 0.2, 0.085, 0.16), height)],
    [() => person.hair, (x, y) => soft(ellipse(x, y, 0, -0.13, 0.2, 0.24), height)],
    [skin, (x, y) => soft(ellipse(x, y, 0, -0.06, 0.165, 0.225), height)],
    [() => person.hair, (x, y) => (y < -0.14 ? soft(ellipse(x, y, 0.03, -0.27, 0.2, 0.13), height) : 0)],
    ...[-0.068, 0.068].map(
      (cx): Layer => [() => [34, 28, 26], (x, y) => soft(ellipse(x, y, cx, -0.06, 0.017, 0.02), height)],
    ),
    [
      () => shaded(person.skin, 0.62),
      (x, y) => soft(Math.abs(y - 0.075 + 0.9 * x * x) - 0.007 + (Math.abs(x) > 0.06 ? 1 : 0), height),
    ],
  ];
  return draw(width, height, layers);
}

/** Netpbm PAM, RGB_ALPHA (http://netpbm.sourceforge.net/doc/pam.html): ffmpeg reads it since long before 2018. */
function draw(width: number, height: number, layers: readonly Layer[]): Buffer {
  const header = `P7\nWIDTH ${width}\nHEIGHT ${height}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n`;
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at += 4) {
      const x = (column + 0.5 - width / 2) / height;
      const y = (row + 0.5) / height - 0.5;
      let alpha = 0;
      const colour = [0, 0, 0];
      for (const [colourAt, cover] of layers) {
        const share = cover(x, y);
        if (share === 0) continue;
        const over = colourAt(x, y);
        // Straight alpha (not premultiplied): "over" of Porter and Duff.
        const sum = share + alpha * (1 - share);
        for (let c = 0; c < 3; c++) colour[c] = ((over[c] ?? 0) * share + (colour[c] ?? 0) * alpha * (1 - share)) / sum;
        alpha = sum;
      }
      pixels.set([...colour, alpha * 255], at);
    }
  }
  return Buffer.concat([Buffer.from(header), new Uint8Array(pixels.buffer)]);
}
