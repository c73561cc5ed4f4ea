<?xml version="1.0" encoding="UTF-8"?>
<!-- TEXT, for scripts and phone displays. One thing asked for is the bare value and a line feed;
     an error is one line, ERROR:code:message; records are lines, name: value, with an empty line
     between records. Markers are headed by the line "Marker", as the recorder documents it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:include href="answer.xsl"/>
  <xsl:output method="text" encoding="UTF-8"/>

  <!-- What breaks a line or moves a cursor, besides what normalize-space folds. -->
  <xsl:variable name="controls" select="'&#x7F;&#x80;&#x81;&#x82;&#x83;&#x84;&#x85;&#x86;&#x87;&#x88;&#x89;&#x8A;&#x8B;&#x8C;&#x8D;&#x8E;&#x8F;&#x90;&#x91;&#x92;&#x93;&#x94;&#x95;&#x96;&#x97;&#x98;&#x99;&#x9A;&#x9B;&#x9C;&#x9D;&#x9E;&#x9F;&#x2028;&#x2029;'"/>
  <xsl:variable name="blanks" select="'                                   '"/>

  <xsl:template match="/">
    <xsl:choose>
      <xsl:when test="$failed">
        <xsl:value-of select="concat('ERROR:', normalize-space($response/@code), ':')"/>
        <xsl:call-template name="line"><xsl:with-param name="of" select="$message"/></xsl:call-template>
      </xsl:when>
      <xsl:when test="$asked-for">
        <xsl:call-template name="line"><xsl:with-param name="of" select="$asked-for[1]"/></xsl:call-template>
      </xsl:when>
      <xsl:when test="$lists-calls or $lists-markers or $records or count($values) &gt; 1">
        <xsl:call-template name="lists"/>
      </xsl:when>
      <xsl:when test="normalize-space($values)">
        <xsl:call-template name="line"><xsl:with-param name="of" select="$values"/></xsl:call-template>
      </xsl:when>
      <xsl:otherwise>OK&#10;</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="lists">
    <xsl:if test="$lists-markers">Marker&#10;</xsl:if>
    <xsl:apply-templates select="$values" mode="field"/>
    <xsl:for-each select="$records | $calls | $markers">
      <xsl:if test="position() &gt; 1 or $values"><xsl:text>&#10;</xsl:text></xsl:if>
      <xsl:if test="not(*) and normalize-space()"><xsl:call-template name="pair"/></xsl:if>
      <xsl:apply-templates select="@* | *" mode="field"/>
    </xsl:for-each>
  </xsl:template>

  <!-- A field is a line; what it holds, and what is said of it, are further lines: outer.inner -->
  <xsl:template match="* | @*" mode="field">
    <xsl:param name="within"/>
    <xsl:if test="not(*) and (normalize-space() or not(@*))">
      <xsl:call-template name="pair"><xsl:with-param name="within" select="$within"/></xsl:call-template>
    </xsl:if>
    <xsl:apply-templates select="@* | *" mode="field">
      <xsl:with-param name="within" select="concat($within, name(), '.')"/>
    </xsl:apply-templates>
  </xsl:template>

  <xsl:template name="pair">
    <xsl:param name="within"/>
    <xsl:value-of select="concat($within, name(), ': ')"/>
    <xsl:call-template name="line"/>
  </xsl:template>

  <xsl:template name="line">
    <xsl:param name="of" select="."/>
    <xsl:value-of select="normalize-space(translate($of, $controls, $blanks))"/>
    <xsl:text>&#10;</xsl:text>
  </xsl:template>
</xsl:stylesheet>
