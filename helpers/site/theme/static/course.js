// What scrolls sideways can be scrolled by keyboard. Nothing else needs a
// script, and most browsers do this by themselves.
for (const box of document.querySelectorAll("pre, .scrolling, .math-block")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}
