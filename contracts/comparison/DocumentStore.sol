// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice For the gas report alone, never deployed: a document store with roles, of the kind that credentials are often
///         anchored in. Who may issue is looked up, what was issued is kept, issuing it twice is refused.
contract DocumentStore {
    error NotIssuer(address account);
    error IssuedBefore(bytes32 document);

    event DocumentIssued(bytes32 indexed document, address indexed issuer);

    bytes32 public constant ISSUER = keccak256("ISSUER");

    mapping(bytes32 role => mapping(address account => bool)) public hasRole;
    mapping(bytes32 document => uint256 blockNumber) public issuedIn;

    constructor() {
        hasRole[ISSUER][msg.sender] = true;
    }

    function issue(bytes32 document) external {
        if (!hasRole[ISSUER][msg.sender]) revert NotIssuer(msg.sender);
        if (issuedIn[document] != 0) revert IssuedBefore(document);
        issuedIn[document] = block.number;
        emit DocumentIssued(document, msg.sender);
    }
}
