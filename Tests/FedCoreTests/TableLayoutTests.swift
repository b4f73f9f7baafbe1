import FedCore
import Testing

/// Tables within a width; what is expected is written by hand.
@Suite struct TableLayoutTests {
    private let layout = TableLayout(
        titles: ["run", "test accuracy", "upload bytes"], isLeft: [true, false, false],
        rows: [["strategy=fedavg,seed=1", "91.20 %", "1,000"], ["b", "8.00 %", "20"]])

    @Test func `what fits stays as it is`() {
        let wide = """
            run                     test accuracy  upload bytes
            strategy=fedavg,seed=1        91.20 %         1,000
            b                              8.00 %            20
            """
        #expect(layout.lines(width: nil).joined(separator: "\n") == wide)
        #expect(layout.lines(width: 51).joined(separator: "\n") == wide)
    }

    @Test func `headings are broken at their words, as few as have to be`() {
        #expect(
            layout.lines(width: 50).joined(separator: "\n") == """
                                            test
                run                     accuracy  upload bytes
                strategy=fedavg,seed=1   91.20 %         1,000
                b                         8.00 %            20
                """)
        #expect(
            layout.lines(width: 40).joined(separator: "\n") == """
                                            test  upload
                run                     accuracy   bytes
                strategy=fedavg,seed=1   91.20 %   1,000
                b                         8.00 %      20
                """)
    }

    @Test func `names lose their middle`() {
        #expect(
            layout.lines(width: 30).joined(separator: "\n") == """
                                  test  upload
                run           accuracy   bytes
                strate…eed=1   91.20 %   1,000
                b               8.00 %      20
                """)
        #expect(TableLayout.cut("abcdefgh", to: 5) == "ab…gh" && TableLayout.cut("abc", to: 3) == "abc")
    }

    @Test func `what is still too wide is several tables, each with the names of the rows`() {
        let matrix = TableLayout(
            titles: ["from", "rank 0", "rank 1", "rank 2"], isLeft: [true, false, false, false],
            rows: [["rank 0", "-", "12,345", "1"]])
        #expect(
            matrix.lines(width: 24).joined(separator: "\n") == """
                from    rank 0  rank 1
                rank 0       -  12,345

                from    rank 2
                rank 0       1
                """)
    }

    @Test func `no line is wider than asked, whatever the table, as long as two columns fit`() {
        for columns in 2...9 {
            let layout = TableLayout(
                titles: (0..<columns).map { "a heading of column \($0)" }, isLeft: (0..<columns).map { $0 % 3 == 0 },
                rows: [(0..<columns).map { String(repeating: "x", count: 5 + 3 * $0) }])
            for width in [44, 60, 80] {
                #expect(layout.lines(width: width).allSatisfy { $0.count <= width }, "\(columns) in \(width)")
            }
        }
    }
}
