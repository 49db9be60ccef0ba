// What a person sees in JupyterLab, looked at by a program: see scripts/browser-check, which starts it.
//
//   node check.mjs URL TOKEN FOLDER CHROMIUM [SCREENSHOTS]

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [url, token, folder, browserPath, screenshots] = process.argv.slice(2);

// The second notebook: what moves, what is typed and what is stopped.
const LIVE = [
  'use carnet::prelude::*;\nlet frame = df!["station" => ["JFK", "LGA", "EWR"], "late" => [21.3, 25.2, 27.7]]?;\nframe',
  'let bar = progress("counting", 60);\nfor _ in 0..60 {\n    std::thread::sleep(std::time::Duration::from_millis(100));\n    bar.advance(1);\n}',
  'loop { std::hint::black_box(frame.height()); }',
  'frame.height() + 39',
  'frame.',
];

function notebook(cells) {
  return {
    cells: cells.map((source, index) => ({
      cell_type: 'code', execution_count: null, id: `cell-${index}`, metadata: {}, outputs: [], source,
    })),
    metadata: {
      kernelspec: { display_name: 'Rust (Carnet)', language: 'rust', name: 'carnet' },
      language_info: { name: 'rust' },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

function check(holds, what) {
  if (!holds) throw new Error(`not so: ${what}`);
  console.log(`ok: ${what}`);
}

// Asks again until the answer is true.
async function until(question, what, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await question()) {
      console.log(`ok: ${what}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}

async function picture(page, name) {
  if (screenshots) await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

async function open(page, name) {
  await page.goto(`${url}/lab/tree/${name}?token=${token}&reset`);
  await page.locator('.jp-NotebookPanel:visible .jp-Notebook .jp-Cell').first().waitFor({ timeout: 60_000 });
  await until(async () => (await page.locator('.jp-NotebookPanel:visible .jp-Notebook-ExecutionIndicator[data-status="idle"]').count()) > 0,
    `${name} is open and its kernel is idle`);
  if (await page.locator('#jp-left-stack:visible').count()) {
    await page.keyboard.press('Control+b');
    await page.locator('#jp-left-stack').waitFor({ state: 'hidden', timeout: 10_000 }).catch(() => {});
  }
}

async function menu(page, name, entry) {
  await page.locator('.lm-MenuBar-item', { hasText: name }).first().click();
  await page.locator('.lm-Menu-item:visible', { hasText: entry }).first().click();
}

const prompts = (page) => page.locator('.jp-NotebookPanel:visible .jp-CodeCell .jp-InputArea-prompt').allInnerTexts();
const cell = (page, index) => page.locator('.jp-NotebookPanel:visible .jp-CodeCell').nth(index);

// Runs a cell that has not run. While the page still moves a key may go elsewhere: then once more.
async function runCell(page, index) {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await cell(page, index).locator('.cm-content').click();
    await page.keyboard.press('Control+Enter');
    for (let wait = 0; wait < 30; wait += 1) {
      if (/[*\d]/.test((await prompts(page))[index])) return;
      await page.waitForTimeout(100);
    }
  }
  throw new Error(`cell ${index} did not begin`);
}

async function ended(page, index, what, seconds) {
  await until(async () => /\[\d+\]/.test((await prompts(page))[index]), what, seconds);
}

async function lateFlights(page) {
  await open(page, '01-late-flights.ipynb');
  const colours = await page.locator('.jp-NotebookPanel:visible .jp-CodeCell .cm-content').nth(1).evaluate((content) => {
    const spans = [...content.querySelectorAll('.cm-line span')];
    const colour = (text) => spans.filter((span) => span.textContent === text).map((span) => getComputedStyle(span).color)[0];
    return { keyword: colour('struct'), type: colour('Flight'), text: getComputedStyle(content).color };
  });
  check(colours.keyword && colours.keyword !== colours.text, `Rust has colours: \`struct\` is ${colours.keyword}, text ${colours.text}`);
  await page.locator('.jp-CodeCell').first().scrollIntoViewIfNeeded();

  await menu(page, 'Edit', 'Clear Outputs of All Cells');
  await until(async () => (await page.locator('.jp-NotebookPanel:visible .jp-OutputArea-output').count()) === 0, 'all outputs are cleared', 30);
  await menu(page, 'Run', 'Run All Cells');
  await until(async () => (await prompts(page)).every((prompt) => /\[\d+\]/.test(prompt)), 'all cells ran', 300);
  check((await page.locator('.jp-NotebookPanel:visible .jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"], .jp-NotebookPanel:visible .jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"]').count()) === 0, 'no cell failed');

  const table = page.locator('.jp-NotebookPanel:visible .jp-RenderedHTMLCommon table').first();
  await table.scrollIntoViewIfNeeded();
  check(await table.isVisible() && (await table.locator('tr').count()) > 5, 'a loaded frame is a table with rows');
  await picture(page, 'jupyterlab-table');

  // The renderer shows the picture of a chart, and the chart itself once the mouse is over it.
  const charts = page.locator('.jp-NotebookPanel:visible .jp-RenderedPlotly, .jp-NotebookPanel:visible .jp-RenderedImage');
  check((await charts.count()) > 5, `${await charts.count()} charts are there`);
  const bars = cell(page, 12);
  await bars.locator('.jp-OutputArea-output').first().scrollIntoViewIfNeeded();
  check(await bars.locator('img').first().evaluate((image) => image.complete && image.naturalWidth > 300), 'a chart is a picture without running anything');
  await bars.evaluate((node) => node.scrollIntoView());
  const area = await bars.locator('.jp-OutputArea-output').first().boundingBox();
  await page.mouse.move(area.x + area.width / 2, area.y + 50);
  const plot = bars.locator('.js-plotly-plot');
  await until(async () => (await plot.count()) > 0 && (await plot.first().locator('.point path').count()) > 5, 'a chart under the mouse is interactive');
  const box = await plot.first().locator('.point path').nth(8).boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await until(async () => (await plot.first().locator('.hoverlayer .hovertext').count()) > 0, 'and says the value of the bar under it');
  await page.waitForTimeout(300);
  await picture(page, 'jupyterlab-chart');
}

async function live(page) {
  writeFileSync(join(folder, 'live.ipynb'), JSON.stringify(notebook(LIVE)));
  await open(page, 'live.ipynb');
  await runCell(page, 0);
  await ended(page, 0, 'a frame is made and shown');
  check(await cell(page, 0).locator('table').isVisible(), 'the frame is a table');

  await runCell(page, 1);
  const seen = new Set();
  const widths = new Set();
  let taken = false;
  await until(async () => {
    const output = cell(page, 1).locator('.jp-OutputArea-output').last();
    if ((await output.count()) > 0) {
      const running = (await prompts(page))[1].includes('*');
      const text = await output.innerText();
      if (running) {
        seen.add(text);
        widths.add(await output.evaluate((node) => node.innerHTML));
      }
      if (running && !taken && seen.size > 8) {
        taken = true;
        await picture(page, 'jupyterlab-progress');
      }
    }
    return /\[\d+\]/.test((await prompts(page))[1]);
  }, 'the cell with a progress bar ran', 60);
  check(seen.size > 5, `the bar moved while the cell ran: ${seen.size} states, from "${[...seen][0]?.trim().slice(0, 60)}"`);

  // The first answers come while rust-analyzer still reads the toolkit's sources.
  await cell(page, 4).locator('.cm-content').click();
  await page.keyboard.press('End');
  await page.keyboard.type('heig');
  const offered = page.locator('.jp-Completer-item:visible, .jp-Completer:visible li');
  await until(async () => {
    if (/height/.test(await cell(page, 4).locator('.cm-content').innerText())) return true;
    if ((await offered.count()) > 0) {
      const texts = await offered.allInnerTexts();
      if (texts.some((text) => text.includes('height'))) {
        await picture(page, 'jupyterlab-completion');
        return true;
      }
      await page.keyboard.press('Escape');
    }
    await cell(page, 4).locator('.cm-content').click();
    await page.keyboard.press('End');
    await page.keyboard.press('Tab');
    await page.waitForTimeout(700);
    return false;
  }, 'a method of the frame is completed', 90);
  await page.keyboard.press('Escape');

  await runCell(page, 2);
  await until(async () => (await prompts(page))[2].includes('*'), 'a loop without an end runs');
  await page.waitForTimeout(1500);
  const begin = Date.now();
  await page.locator('.jp-NotebookPanel:visible [data-command="notebook:interrupt-kernel"], .jp-NotebookPanel:visible .jp-ToolbarButtonComponent[title*="Interrupt"]').first().click();
  await ended(page, 2, 'the interrupt ends it', 10);
  const took = (Date.now() - begin) / 1000;
  check(took < 3, `in ${took.toFixed(1)} s`);
  check((await cell(page, 2).innerText()).includes('no variable was lost'), 'and no variable was lost');
  await picture(page, 'jupyterlab-interrupt');
  await runCell(page, 3);
  await ended(page, 3, 'the next cell runs');
  check((await cell(page, 3).locator('.jp-OutputArea-output').innerText()).trim() === '42', 'with the variables of before');
}

const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  try {
    await lateFlights(page);
    await live(page);
  } catch (error) {
    await page.screenshot({ path: join(screenshots || folder, 'browser-check-failed.png') });
    throw error;
  }
} finally {
  await browser.close();
}
