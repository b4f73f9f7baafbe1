import Foundation
import RunStore

/// The files that a run has left, as they are in its folder now.
struct FilesPage {
    let run: StoredRun
    let files: [RunFile]
    /// What the history says of them, by path.
    let recorded: [String: StoredArtefact]

    /// Everything below the heading.
    var html: HTML {
        let rows = files.html { file in
            let known = recorded[file.path]
            let note = known == nil ? "" : known?.bytes == file.bytes ? "as recorded" : "changed since the run ended"
            return """
                <tr><td class="wrap"><a href="/v1/runs/\(run.id ?? 0)/files/\(AccessMiddleware.encoded(file.path))">\(file.path)</a></td>\
                <td class="n">\(Words.bytes(file.bytes))</td><td>\(note)</td><td title="\(known?.sha256)">\(known?.sha256.map { String($0.prefix(12)) })</td></tr>
                """
        }
        let content: HTML =
            files.isEmpty
            ? "<p>Its folder is not here: it was deleted, or is on another machine.</p>"
            : Layout.table("Files", head: "<th>file</th><th class=\"n\">size</th><th></th><th>SHA-256</th>", rows)
        return "\(RunPage.tabs(of: run, at: "/files"))\(content)"
    }
}
