// Models for clients that train parts of them.
extension Architecture {
    /// `heterofl-cnn`: the network of the HeteroFL paper for MNIST, 1,556,874 parameters; its widths 1/2, 1/4, 1/8 and 1/16
    /// have 391,370, 98,922, 25,274 and 6,594.
    ///
    /// E. Diao, J. Ding, V. Tarokh, *HeteroFL*, ICLR 2021, arXiv:2010.01264, with group normalisation in 4 groups, one of the
    /// normalisations of the authors' program, in place of the static batch normalisation.
    static let heteroFLCNN = Architecture(
        "heterofl-cnn", "Four convolutions of 64 to 512 channels, for clients of several widths; Diao et al. 2021.",
        for: .grey28,
        layers: """
            conv 64 pad 1, groupnorm 4, relu, maxpool 2, conv 128 pad 1, groupnorm 4, relu, maxpool 2, \
            conv 256 pad 1, groupnorm 4, relu, maxpool 2, conv 512 pad 1, groupnorm 4, relu, global-avgpool, linear
            """)

    /// `edgecnn-exits`: four convolutions with a classifier behind each, for clients of several depths: 146,504 parameters.
    static let edgeCNNExits = Architecture(
        "edgecnn-exits", "Four convolutions, each with an exit, for clients of several depths.", for: .grey28
    ) { form in
        """
        conv 16 pad 1, relu, maxpool 2 as block1, avgpool 2, linear \(form.outputs) as exit1, \
        conv 32 pad 1 from block1, relu, maxpool 2 as block2, linear \(form.outputs) as exit2, \
        conv 64 pad 1 from block2, relu as block3, linear \(form.outputs) as exit3, \
        conv 64 pad 1 from block3, relu, linear \(form.outputs) as exit4, mean exit1 exit2 exit3
        """
    }
}
