// What the theme wants to be started, and what Doxygen 1.9.4 leaves out for
// those who use a keyboard or a screen reader: landmarks, a title that is a
// heading, a name for the search box.
DoxygenAwesomeDarkModeToggle.init();
DoxygenAwesomeFragmentCopyButton.init();
DoxygenAwesomeInteractiveToc.init();

document.addEventListener("DOMContentLoaded", () => {
    const mark = (selector, attributes) => {
        for (const element of document.querySelectorAll(selector))
            for (const [name, value] of Object.entries(attributes))
                element.setAttribute(name, value);
    };
    mark("#doc-content", { role: "main" });
    mark("#top", { role: "banner" });
    mark("#side-nav", { role: "navigation", "aria-label": "Pages" });
    mark("#nav-path", { role: "contentinfo" });
    mark(".headertitle .title", { role: "heading", "aria-level": "1" });
    mark("#MSearchField", { "aria-label": "Search", placeholder: "Search" });
    // A fragment with a prompt, or what tools print, was seen in a terminal.
    for (const fragment of document.querySelectorAll(".contents div.fragment")) {
        const lines = [...fragment.querySelectorAll(":scope > .line")];
        if (!lines.some(line => /^\$ |^Connected by |^\+\+\+ exited|^recv: /.test(line.textContent)))
            continue;
        fragment.classList.add("terminal");
        for (const line of lines)
            if (line.textContent.startsWith("$ "))
                line.classList.add("command");
    }
    // What scrolls sideways can be reached and scrolled by keyboard.
    mark("pre.fragment, div.fragment", { tabindex: "0" });
    for (const table of document.querySelectorAll("table.markdownTable")) {
        const box = document.createElement("div");
        box.className = "scroll";
        box.tabIndex = 0;
        table.replaceWith(box);
        box.append(table);
    }
});
