// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice For the gas report alone, never deployed: keeps in storage when each root was anchored, as contracts do that
///         other contracts ask.
contract Storing {
    event Anchored(address indexed anchorer, bytes32 indexed root);

    mapping(bytes32 root => uint256 time) public anchoredAt;

    function anchor(bytes32 root) external {
        anchoredAt[root] = block.timestamp;
        emit Anchored(msg.sender, root);
    }
}
