import Testing

@testable import Analysis

@Suite struct ClassTicsTests {
    @Test func `Classes with names have these at their axis, and are numbered otherwise`() {
        #expect(Picture.classTics(["bag", "5%'`x`"])?.text == "('bag' 0, '5%%\u{2019}`x`' 1)")
        #expect(Picture.classTics(["a class of many words"])?.text == "('a class of …' 0)")
        #expect(Picture.classTics([])?.text == nil)
        #expect(Picture.classTics((0...20).map { "class \($0)" })?.text == nil)
        #expect(Picture.classTics(["bag", "shoe"], of: 3)?.text == nil)
    }
}
