import Datasets
import Testing

@testable import fedmpi

@Suite struct DataLinesTests {
    @Test func `A header tells facts and classes, and leaves warnings to standard error`() {
        #expect(DataLines.header(classNames: ["0", "1"], notes: []) == "")
        #expect(DataLines.header(classNames: ["bag", "shoe"], notes: []) == "\nclasses   0 bag, 1 shoe")
        let many = (0..<100).map { "c\($0)" }
        #expect(
            DataLines.classes(many)
                == "0 c0, 1 c1, 2 c2, 3 c3, 4 c4, 5 c5, 6 c6, 7 c7, 8 c8, 9 c9, … 99 c99 (fedmpi partition lists them)")
    }
}
