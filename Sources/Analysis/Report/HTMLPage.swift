import FedCore
public import Foundation

extension Document {
    /// As one file that needs nothing else: pictures inside, light or dark as the reader's device, narrow or wide. It
    /// has no script, and loads nothing. Behind the first section stands a list of the others.
    ///
    /// - Parameter picture: the SVG or PNG of a name, if it was drawn; without one the picture is left out with its
    ///   caption.
    /// - Returns: the page, which names UTF-8 as its encoding.
    /// - Complexity: O(text and bytes of the pictures).
    public func html(picture: (String) -> Data?) -> String {
        var shown: [(title: String, body: String)] = []
        for section in sections {
            let blocks = section.blocks.map { Self.html($0, picture) }.filter { !$0.isEmpty }
            if !blocks.isEmpty { shown.append((Self.escaped(section.title), blocks.joined(separator: "\n"))) }
        }
        var body = "<h1>\(Self.escaped(title))</h1>\n"
        for (i, section) in shown.enumerated() {
            body += "<section id=\"s\(i)\">\n<h2>\(section.title)</h2>\n\(section.body)\n</section>\n"
            guard i == 0, shown.count > 3 else { continue }
            let links = shown.indices.dropFirst().map { "<a href=\"#s\($0)\">\(shown[$0].title)</a>" }
            body += "<nav aria-label=\"Contents\">\(links.joined(separator: "\n"))</nav>\n"
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(Self.escaped(title))</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <main>
            \(body)</main>
            </body>
            </html>

            """
    }

    /// A block as an element; empty for a picture that was not drawn.
    ///
    /// A table with a summary can be folded, and is so at first when it has more than 20 rows. A picture is part of the
    /// page, as a `data:` URL, and its caption is also its text for readers who do not see it.
    private static func html(_ block: Block, _ picture: (String) -> Data?) -> String {
        switch block {
        case .paragraph(let text):
            return "<p>\(escaped(text))</p>"
        case .facts(let facts):
            let rows = facts.map { "<dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd>" }
            return "<dl>\n" + rows.joined(separator: "\n") + "\n</dl>"
        case .command(let command):
            return "<pre><code>\(escaped(command))</code></pre>"
        case .links(let files):
            let rows = files.map {
                "<li><a href=\"\(address(of: $0.file))\">\(escaped($0.file))</a> \(escaped($0.name))</li>"
            }
            return "<ul>\n" + rows.joined(separator: "\n") + "\n</ul>"
        case .table(let table):
            func row(_ cells: [String], _ tag: String) -> String {
                "<tr>"
                    + cells.enumerated().map { column, cell in
                        "<\(tag)\(column < table.words ? " class=\"word\"" : "")>\(escaped(cell))</\(tag)>"
                    }.joined() + "</tr>"
            }
            let html =
                "<div class=\"wide\"><table>\n<thead>\(row(table.columns, "th"))</thead>\n<tbody>\n"
                + table.rows.map { row($0, "td") }.joined(separator: "\n") + "\n</tbody></table></div>"
            guard let summary = table.summary else { return html }
            return "<details\(table.rows.count <= 20 ? " open" : "")><summary>\(escaped(summary))</summary>\n\(html)\n"
                + "</details>"
        case .picture(let name, let caption):
            guard let data = picture(name) else { return "" }
            // A PNG begins with a byte that no text begins with.
            let type = data.first == 0x89 ? "png" : "svg+xml"
            return """
                <figure><img alt="\(escaped(caption))" src="data:image/\(type);base64,\
                \(data.base64EncodedString())"><figcaption>\(escaped(caption))</figcaption></figure>
                """
        }
    }

    /// A file beside the page as a link's address: nothing of its name means anything there.
    private static func address(of file: String) -> String {
        "./"
            + (file.addingPercentEncoding(
                withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-_."))) ?? "")
    }

    /// As the contents of an element, or of an attribute between double quotes. What cannot be shown is written out
    /// (``Swift/StringProtocol/printable``), so that a name cannot turn the direction of the text around it.
    private static func escaped(_ text: String) -> String {
        var html = ""
        for character in text.printable.unicodeScalars {
            switch character {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            default: html.unicodeScalars.append(character)
            }
        }
        return html
    }

    /// The page's style sheet. Dark pictures are the light ones turned over: lightness is reversed, hues stay. Wide
    /// tables scroll by themselves, so that the page never does; pictures fit, with their captions at their side where there is
    /// room.
    private static let style = """
        :root { --ink: #1d2330; --soft: #5a6372; --line: #dfe3e9; --page: #f6f7f9; --card: #ffffff;
                --link: #1f5fa8; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e4e7ec; --soft: #9aa3b2; --line: #333a46; --page: #14171c; --card: #1c2027;
                  --link: #86b7f0; }
          img { filter: invert(0.89) hue-rotate(180deg); }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink);
               font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        main { max-width: 1120px; margin: 0 auto; padding: 16px; }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: 12px 0 20px; overflow-wrap: anywhere; }
        h2 { font-size: 1.1rem; margin: 0 0 10px; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px;
                  margin-bottom: 16px; }
        p { margin: 10px 0; max-width: 75ch; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 10px 0; }
        dt { color: var(--soft); }
        dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; margin: 8px 0; }
        th, td { padding: 3px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
        th { color: var(--soft); font-weight: 600; }
        .word { text-align: left; }
        summary { cursor: pointer; margin: 8px 0; }
        figure { margin: 14px 0; display: grid; grid-template-columns: minmax(0, 600px) minmax(200px, 1fr); gap: 4px 20px; }
        img { display: block; width: 100%; max-width: 600px; height: auto; border-radius: 6px; background: #fff; }
        figcaption { color: var(--soft); font-size: 0.875rem; margin-top: 10px; max-width: 60ch; }
        nav { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 2px 4px 18px; }
        a { color: var(--link); }
        ul { list-style: none; padding: 0; margin: 10px 0; } li { padding: 2px 0; overflow-wrap: anywhere; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--page); border-radius: 6px; padding: 8px 12px;
              margin: 12px 0 4px; font-size: 0.875rem; }
        @media (max-width: 860px) { figure { grid-template-columns: minmax(0, 1fr); } figcaption { margin-top: 4px; } }
        @media (max-width: 560px) {
          main { padding: 8px; } section { padding: 12px; }
          dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; }
          table { font-size: 0.8rem; } th, td { padding: 3px 5px; } th { white-space: normal; }
        }
        """
}
