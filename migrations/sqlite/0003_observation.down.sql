DROP TABLE document_observation;
